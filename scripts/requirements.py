"""Print what pyproject.toml asks for, one requirement a line, for pip."""

import sys
import tomllib
from pathlib import Path

project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))
wanted = project["dependency-groups"]["dev"] if "--dev" in sys.argv else project["project"]["dependencies"]
sys.stdout.write("\n".join(wanted) + "\n")
