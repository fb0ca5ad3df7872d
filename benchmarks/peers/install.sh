#!/bin/sh
# Installs the pinned peers of the performance report into a virtual environment of the project's cache folder.
set -e
here=$(dirname "$0")
environment=${ATTRIBENCH_HOME:-.attribench}/peers
[ -x "$environment/bin/python" ] || python3 -m venv "$environment"
"$environment/bin/pip" install --quiet --requirement "$here/requirements.txt"
"$environment/bin/pip" list | grep --extended-regexp '^(captum|torch) '
