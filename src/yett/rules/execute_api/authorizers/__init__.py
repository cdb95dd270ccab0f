"""What an authorizer is asked, and what its answer means."""
