"""By which evidence a caller becomes known: one module for each authorization type that wants some."""
