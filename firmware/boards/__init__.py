"""Board profiles: the only place, with the drivers, that knows `machine`."""
