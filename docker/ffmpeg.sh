# Builds ffmpeg and ffprobe from Debian's source, with what the services use and nothing else.
#   sh ffmpeg.sh TARGET
# Debian's package has every codec, device and protocol that there is, and 190 packages of libraries with them.
set -eu
target=$1

# Containers: those of `CONTAINERS` in spotscribe_audio/audio/media.py, and what the speech service feeds.
demuxers=aac,ac3,aiff,amr,ape,asf,au,avi,caf,dts,eac3,flac,flv,matroska,mov,mp3,mpc8,mpegps,mpegts,ogg,tta,voc,w64,wav,wv
demuxers=$demuxers,pcm_s16le,ffmetadata
# Those for pictures find the times of films, whose pictures are not decoded.
parsers=aac,aac_latm,ac3,dca,flac,gsm,mlp,mpegaudio,opus,sipr,tak,vorbis,xma
parsers=$parsers,av1,h264,hevc,mpeg4video,mpegvideo,vc1,vp8,vp9
# The formats of the speech service, and samples.
encoders=aac,flac,libmp3lame,libopus,pcm_s16le
muxers=adts,flac,ipod,mp3,null,ogg,opus,pcm_s16le
filters=aformat,anull,aresample,asetpts,atrim,ebur128,pan

packages='ca-certificates dpkg-dev gcc libc6-dev libmp3lame-dev libopus-dev make nasm pkg-config'
# The same sources as the packages', in either format of apt's lists.
for list in /etc/apt/sources.list /etc/apt/sources.list.d/*; do
  [ -f "$list" ] || continue
  case $list in
    *.sources) sed -i 's/^Types: deb$/Types: deb deb-src/' "$list" ;;
    *) sed -i 's/^deb \(.*\)/&\ndeb-src \1/' "$list" ;;
  esac
done
apt-get update
# shellcheck disable=SC2086 # a list
apt-get install -y --no-install-recommends $packages
mkdir -p /tmp/ffmpeg
cd /tmp/ffmpeg
# apt-get checks the source by the hash in the signed index.
apt-get source -qq ffmpeg
cd ffmpeg-*/

# All of ffmpeg's own audio decoders, and none for pictures.
decoders=$(sed -n '/[/][*] audio codecs/,/[/][*] subtitles/s/^extern const FFCodec ff_\(.*\)_decoder;.*/\1/p' libavcodec/allcodecs.c)
[ "$(echo "$decoders" | wc -l)" -gt 150 ] || {
  echo "ffmpeg.sh: the list of audio decoders was not found in libavcodec/allcodecs.c" >&2
  exit 1
}
./configure --disable-everything --disable-autodetect --disable-network --disable-debug --disable-doc --disable-ffplay \
  --disable-avdevice --disable-swscale --disable-postproc --pkg-config-flags=--static --extra-ldflags=-static --extra-libs=-lm \
  --enable-libmp3lame --enable-libopus --enable-protocol=file,pipe --enable-demuxer=$demuxers --enable-parser=$parsers \
  --enable-decoder="$(echo "$decoders" | tr '\n' ,)" --enable-encoder=$encoders --enable-muxer=$muxers --enable-filter=$filters
make -s -j"$(nproc)" ffmpeg ffprobe
mkdir -p "$target"
cp ffmpeg ffprobe "$target"
rm -rf /tmp/ffmpeg
