# Tiny on purpose: it is replaced only after a new app has proved itself.
