"""What a backend is sent, and what its answer becomes."""
