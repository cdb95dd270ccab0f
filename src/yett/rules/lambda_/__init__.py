"""What Lambda's functions may be called, hold and say. No process and no file: those are adapters'."""
