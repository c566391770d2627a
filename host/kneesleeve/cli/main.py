"""Entry point of `sleeve`. Imports typer and nothing else that costs time; verbs come in when they are used."""

from __future__ import annotations

import importlib
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from kneesleeve.cli.guard import guarded, report_error
from kneesleeve.cli.link_options import with_link_options
from kneesleeve.cli.verbs import VERBS
from kneesleeve.errors import UsageError

# Plain help and usage errors: quicker than rich's, and one line each when piped.
_SETTINGS: dict[str, Any] = {"add_completion": False, "rich_markup_mode": None, "pretty_exceptions_enable": False}


class VerbGroup(TyperGroup):
    """Knows the verbs from the table; imports a verb's module only to run it or to show its own help."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The verbs, in the table's order."""
        return list(VERBS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """A stand-in with the verb's line of help, or None for a word that is no verb."""
        return TyperCommand(cmd_name, callback=None, help=VERBS[cmd_name]) if cmd_name in VERBS else None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The verb itself, in place of its stand-in."""
        name, found, rest = super().resolve_command(ctx, args)
        return name, load_verb(name) if name in VERBS else found, rest


def load_verb(verb: str) -> Any:
    """The command of `kneesleeve.cli.<verb>`, or the group of its COMMANDS.

    Raises UsageError where the module is not there yet.
    """
    module = f"kneesleeve.cli.{verb}"
    try:
        found = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        raise UsageError(f"`sleeve {verb}` is not built yet.", hint="A newer version may have it.") from None
    app = typer.Typer(**_SETTINGS)
    if hasattr(found, "COMMANDS"):
        app.callback(help=found.__doc__, no_args_is_help=True)(lambda: None)
        for name, function in found.COMMANDS.items():
            app.command(name=name, help=function.__doc__)(guarded(with_link_options(function)))
    else:
        function = found.command
        app.command(name=verb, help=function.__doc__ or VERBS[verb])(guarded(with_link_options(function)))
    return typer.main.get_command(app)


app = typer.Typer(cls=VerbGroup, no_args_is_help=True, **{**_SETTINGS, "add_completion": True})


def _version(wanted: bool) -> None:
    if wanted:
        from importlib import metadata

        try:
            version = metadata.version("kneesleeve")
        except metadata.PackageNotFoundError:
            version = "from a source tree"
        print(f"sleeve {version}")
        raise typer.Exit


@app.callback()
def sleeve(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """The smart knee sleeve's toolkit: runs on it, off it, and what they mean.

    Exit codes: 0 done or exact, 1 failed or differs, 2 wrong usage, 3 readable with loss, 4 unusable or not verifiable,
    5 no device, 6 configuration refused, 130 Ctrl-C.
    """


def main() -> None:
    """Run `sleeve` with the words of the command line; never returns."""
    try:
        app(prog_name="sleeve")
    except (Exception, KeyboardInterrupt) as error:
        sys.exit(report_error(error))


if __name__ == "__main__":
    main()
