# shellcheck shell=sh
# Builds a small ffmpeg from Debian's source: the programs ffmpeg and ffprobe, with what the services use and nothing else.
#   sh ffmpeg.sh PACKAGE
# Debian's own package has every codec, device and protocol, and needs 190 packages of libraries. The result is a Debian package too: it
# names its source and version, so scans of images find its vulnerabilities.
set -eu
package=$1

# Containers: those of `CONTAINERS` in spotscribe_audio/audio/media.py, and what the speech service feeds.
demuxers=aac,ac3,aiff,amr,ape,asf,au,avi,caf,dts,eac3,flac,flv,matroska,mov,mp3,mpc8,mpegps,mpegts,ogg,tta,voc,w64,wav,wv
demuxers=$demuxers,pcm_s16le,ffmetadata
# Not accepted. ffmpeg only recognises them, so that a picture is refused as a picture and not as a damaged recording.
demuxers=$demuxers,gif,image_bmp_pipe,image_jpeg_pipe,image_png_pipe,image_tiff_pipe,image_webp_pipe
# Pictures are not decoded, but their parsers tell the times of films.
parsers=aac,aac_latm,ac3,dca,flac,gsm,mlp,mpegaudio,opus,sipr,tak,vorbis,xma
parsers=$parsers,av1,h264,hevc,mpeg4video,mpegvideo,vc1,vp8,vp9
# The formats of the speech service, and samples.
encoders=aac,flac,libmp3lame,libopus,pcm_s16le
muxers=adts,flac,ipod,mp3,null,ogg,opus,pcm_s16le
filters=aformat,anull,aresample,asetpts,atrim,ebur128,pan

# apt-get then knows the sources too, in either format of its lists.
for list in /etc/apt/sources.list /etc/apt/sources.list.d/*; do
  [ -f "$list" ] || continue
  case $list in
    *.sources) sed -i 's/^Types: deb$/Types: deb deb-src/' "$list" ;;
    *) sed -i 's/^deb \(.*\)/&\ndeb-src \1/' "$list" ;;
  esac
done
apt-get update
apt-get install -y --no-install-recommends dpkg-dev gcc libc6-dev libmp3lame-dev libopus-dev make nasm pkg-config
work=$(mktemp -d)
cd "$work"
# apt-get checks the source against the hash in the signed index.
apt-get source -qq ffmpeg
cd ffmpeg-*/
version=$(dpkg-parsechangelog --show-field Version)

# All of ffmpeg's own audio decoders, and one for pictures: without h264, the first time of a film in Matroska is not found, and its sound begins
# too early.
decoders=$(sed -n '/[/][*] audio codecs/,/[/][*] subtitles/s/^extern const FFCodec ff_\(.*\)_decoder;.*/\1/p' libavcodec/allcodecs.c)
[ "$(echo "$decoders" | wc -l)" -gt 150 ] || {
  echo "ffmpeg.sh: libavcodec/allcodecs.c of ffmpeg $version does not list the audio decoders as expected. Correct the pattern." >&2
  exit 1
}
./configure --disable-everything --disable-autodetect --disable-network --disable-debug --disable-doc --disable-ffplay \
  --disable-avdevice --disable-swscale \
  --enable-libmp3lame --enable-libopus --enable-protocol=file,pipe --enable-demuxer=$demuxers --enable-parser=$parsers \
  --enable-decoder="$(echo "$decoders" | tr '\n' ,)h264" --enable-encoder=$encoders --enable-muxer=$muxers --enable-filter=$filters
make -s -j"$(nproc)" ffmpeg ffprobe

mkdir -p "$work/tree/DEBIAN" "$work/tree/usr/bin"
cp ffmpeg ffprobe "$work/tree/usr/bin"
cat >"$work/tree/DEBIAN/control" <<CONTROL
Package: spotscribe-ffmpeg
Source: ffmpeg
Version: $version
Architecture: $(dpkg --print-architecture)
Maintainer: Spotscribe
Depends: libc6, libmp3lame0, libopus0
Conflicts: ffmpeg
Description: ffmpeg and ffprobe for recordings, without network
CONTROL
dpkg-deb --root-owner-group --build "$work/tree" "$package"
rm -rf "$work"
