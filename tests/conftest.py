"""What every test is run with."""

from hypothesis import HealthCheck, settings

# A property that is slow is no failure: these machines are shared, and speed is `make bench`'s to measure.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")
