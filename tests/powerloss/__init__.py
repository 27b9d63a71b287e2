"""Power loss, simulated below the program: what it wrote and did not sync may be gone, or there in part."""
