"""One endpoint of a user pool or of its domain a module. No route, no rule."""
