#!/bin/sh
# Rebuilds the fixtures of methods and models with the pinned peers, in a virtual environment of the user's cache folder.
set -e
here=$(dirname "$0")
environment=${XDG_CACHE_HOME:-$HOME/.cache}/attribench/peers
[ -x "$environment/bin/python" ] || python3 -m venv "$environment"
"$environment/bin/pip" install --quiet --requirement "$here/requirements.txt"
"$environment/bin/python" -W ignore "$here/regenerate.py"
"$environment/bin/python" -W ignore "$here/../../models/peers/regenerate.py"
