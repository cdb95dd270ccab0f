"""`$context` and parameter mappings: from a request and an identity to text. VTL has no power here."""
