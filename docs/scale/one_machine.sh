#!/usr/bin/env bash
# Masks and measures of all series that a question to a catalog finds, on one machine.
#
#     CATALOG=/data/catalog OUTPUT=/data/bones ./one_machine.sh "SELECT SeriesInstanceUID FROM series WHERE Modality = 'CT'"
#
# The same line again goes on from where it ended: what is done is not done again.
set -euo pipefail
: "${CATALOG:?the folder of the catalog}" "${OUTPUT:?the folder of the masks}"

hu mask "$CATALOG?${1:-FROM series}" --tissue bone --no-figure -o "$OUTPUT/masks" \
  --results "$OUTPUT/results" -j "${JOBS:-$(nproc)}"
