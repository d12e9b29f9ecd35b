#!/bin/sh
# Speaks sentences with flite and writes one FLAC of 16 kHz mono, with a pause after each sentence.
# Usage: samples/make.sh OUT.flac [SECONDS] < sentences.txt
#   SECONDS  repeats the sentences until the recording has exactly this length.
# The shipped sample:      samples/make.sh samples/good-morning.flac < samples/good-morning.txt
# A minute for benchmarks: samples/make.sh minute.flac 60 < samples/good-morning.txt
# Needs flite and ffmpeg.
set -eu
out=${1:?"name the FLAC to write"}
seconds=${2:-}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
count=0
while IFS= read -r sentence; do
  [ -n "$sentence" ] || continue
  count=$((count + 1))
  flite -voice rms -t "$sentence" -o "$scratch/spoken.wav"
  ffmpeg -nostdin -v error -i "$scratch/spoken.wav" -af apad=pad_dur=0.6 -ar 16000 -ac 1 "$scratch/$count.wav"
  echo "file $count.wav" >> "$scratch/list"
done
ffmpeg -nostdin -v error -f concat -i "$scratch/list" -c copy "$scratch/once.wav"
if [ -n "$seconds" ]; then
  ffmpeg -nostdin -v error -y -stream_loop -1 -i "$scratch/once.wav" -t "$seconds" -c:a flac "$out"
else
  ffmpeg -nostdin -v error -y -i "$scratch/once.wav" -c:a flac "$out"
fi
