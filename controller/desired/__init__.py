"""What should exist for a monitor and what its status should say: pure functions of values."""
