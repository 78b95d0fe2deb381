"""A cluster of processes on this machine, on which Beam runs: started, looked at and stopped."""
