"""The figures of decoders, simulated and real: ``python -m core.report``."""

from core.report.report import main

if __name__ == "__main__":
    main()
