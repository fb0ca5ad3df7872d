#!/usr/bin/env bash
# All that is to be measured on a machine with a GPU, in one go; needs nothing from a network.
#
#   benchmarks/gpu.sh [OUT]      OUT: folder for logs and reports, by default results/performance-gpu
#
# Needs in the repository: node_modules (npm ci). Used where present: .attribench/engines (tensorflow, built
# beforehand) and the peers of benchmarks/peers. Each part runs even when one before
# it failed; parts that cannot run here say so by name. The last line counts them.
set -uo pipefail
cd "$(dirname "$0")/.."
out=${1:-${OUT:-results/performance-gpu}}
mkdir -p "$out"
out=$(cd "$out" && pwd)
passed=0 failed=0 absent=0

part() { # part NAME LIMIT_SECONDS COMMAND...
  local name=$1 limit=$2
  shift 2
  printf '\n== %s\n' "$name"
  if timeout "$limit" "$@" 2>&1 | tee "$out/$name.log"; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    printf '== %s FAILED\n' "$name"
  fi
}

missing() { # missing NAME REASON
  absent=$((absent + 1))
  printf '\n== %s: not run, %s\n' "$1" "$2" | tee "$out/$1.log"
}

if [[ ! -x node_modules/.bin/vitest ]]; then
  echo '[attribench] node_modules is missing: run npm ci where a network is, and bring it along'
  exit 2
fi

part machine 60 bash -c 'uname -a; nproc; node --version; nvidia-smi 2>&1 || echo "no nvidia-smi"; vulkaninfo --summary 2>&1 | head -40'
part engines 120 node bin/attribench.js engine --json

present() { # present ENGINE: whether it can be used here
  node bin/attribench.js engine --json | node -e '
    const { engines } = JSON.parse(require("fs").readFileSync(0, "utf8"));
    process.exit(engines.some(({ name, present }) => name === process.argv[1] && present) ? 0 : 1)' "$1"
}

if present webgpu; then
  part webgpu-suite 540 npm run test:webgpu
  # The whole way at a real size: trainings, attributions and checks, in a store of its own.
  part webgpu-run 540 env ATTRIBENCH_HOME="$out/home" node bin/attribench.js run --profile quick --engine webgpu --workers 1 --results "$out/records"
else
  missing webgpu 'no adapter was found (Vulkan, Metal or Direct3D 12)'
fi

# On two cores and no card it takes about 20 minutes.
part performance 2700 npm run bench:performance -- --rounds 3 --out "$out/performance"

printf '\n%d parts passed, %d failed, %d absent; logs and reports in %s\n' "$passed" "$failed" "$absent" "$out"
[[ $failed == 0 ]]
