"""A stand-in for one AWS account on this machine: moto's server, seeded from a data file and corrected towards AWS."""
