"""A user pool's documents and its domain: JWKS, discovery, OAuth endpoints. HTTP in, HTTP out; no rule."""
