"""The command `sleeve`: one module a verb, imported when the verb is used."""
