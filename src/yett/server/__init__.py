"""WIRING. Settings, the HTTP/1.1 edge, and the choice of parts; no rule of AWS's is decided here."""
