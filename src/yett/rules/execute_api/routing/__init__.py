"""Which stage, and which resource and method of it, a request is for."""
