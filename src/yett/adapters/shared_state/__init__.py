"""What workers share for a short while, and where it is kept."""
