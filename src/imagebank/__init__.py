"""imagebank: one linked, de-identified research bank from a hospital's brain MRI and mental-health records."""

__version__ = "0.1.0"
