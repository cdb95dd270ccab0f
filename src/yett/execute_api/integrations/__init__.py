"""How each kind of backend is asked."""
