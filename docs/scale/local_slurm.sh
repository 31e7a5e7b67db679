#!/usr/bin/env bash
# Start or stop a Slurm of one node on this machine, to try job scripts:
#
#     sudo apt-get install slurm-wlm munge          # Debian, Ubuntu
#     docs/scale/local_slurm.sh start FOLDER        # as root; everything it writes is in FOLDER
#     export SLURM_CONF=FOLDER/slurm.conf           # now sbatch, squeue and scancel speak to it
#     docs/scale/local_slurm.sh stop FOLDER
#
# It has ports, a munge key and a munge socket of its own, and uses neither systemd nor control groups, so it runs in a
# container and beside another Slurm. It does not hold jobs to their memory or processors. It is for trying, not for work.
set -euo pipefail

wanted=${1:-} folder=${2:-}
if [[ ! $wanted =~ ^(start|stop)$ || -z $folder ]]; then
  echo "usage: $0 start|stop FOLDER" >&2
  exit 2
fi

# Two ports that nobody listens on.
free_ports() {
  python3 - <<'PY'
import socket

several = [socket.socket() for _ in range(2)]
for one in several:
    one.bind(("127.0.0.1", 0))
print(*(one.getsockname()[1] for one in several))
PY
}

configure() {
  local controller=$1 node=$2 name
  name=$(hostname -s)
  cat > "$folder/slurm.conf" <<CONF
ClusterName=local
SlurmctldHost=$name(127.0.0.1)
SlurmctldPort=$controller
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket=$folder/munge.socket
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_interval=1
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
KillWait=5
ReturnToService=2
SlurmdParameters=config_overrides
NodeName=$name NodeAddr=127.0.0.1 Port=$node CPUs=$(nproc) RealMemory=$(awk '/MemTotal/ {print int($2 / 1024)}' /proc/meminfo) State=UNKNOWN
PartitionName=main Nodes=$name Default=YES MaxTime=INFINITE State=UP OverSubscribe=FORCE:8
CONF
}

start() {
  mkdir -p "$folder"
  chmod 700 "$folder"
  folder=$(cd "$folder" && pwd)
  mkdir -p "$folder/state" "$folder/spool"
  # shellcheck disable=SC2046  # two numbers
  configure $(free_ports)
  export SLURM_CONF=$folder/slurm.conf
  head -c 1024 /dev/urandom > "$folder/munge.key"
  chmod 400 "$folder/munge.key"
  munged --force --key-file="$folder/munge.key" --socket="$folder/munge.socket" --pid-file="$folder/munged.pid" \
    --log-file="$folder/munged.log" --seed-file="$folder/munged.seed"
  slurmctld
  slurmd -N "$(hostname -s)"
  for _ in $(seq 60); do
    if [[ $(sinfo --noheader --format=%t 2> /dev/null) =~ ^(idle|mix|alloc)$ ]]; then
      echo "export SLURM_CONF=$SLURM_CONF"
      return
    fi
    sleep 0.5
  done
  echo "Slurm did not start; its logs are in $folder" >&2
  stop
  return 1
}

stop() {
  local name
  for name in slurmd slurmctld munged; do
    if [ -s "$folder/$name.pid" ]; then kill "$(cat "$folder/$name.pid")" 2> /dev/null || true; fi
  done
}

"$wanted"
