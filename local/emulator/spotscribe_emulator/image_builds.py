"""Image builds that end at once and store a placeholder image in the registry.

The local fleet runs containers as processes, so it only needs an image to exist.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable
from os import environ
from typing import Any

from ministack.core.responses import error_response_json, json_response
from ministack.services import codebuild, ecr

Answer = tuple[int, dict[str, str], bytes]
Fields = dict[str, Any]

_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIGURATION = "application/vnd.oci.image.config.v1+json"


def _digest(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


def _push(address: str) -> None:
    """Stores an image where a build would push it: `<registry>/<repository>:<tag>`."""
    repository, tag = address.split("/", 1)[1].rsplit(":", 1)
    # Derived from the tag, which is derived from the sources: the same sources give the same image.
    configuration = json.dumps({"os": "linux", "architecture": "amd64", "tag": tag}).encode()
    config = {"mediaType": _CONFIGURATION, "digest": _digest(configuration), "size": len(configuration)}
    manifest = {"schemaVersion": 2, "mediaType": _MANIFEST, "config": config, "layers": []}
    ecr._layer_blobs.setdefault(repository, {})[config["digest"]] = configuration
    ecr._put_image(
        {
            "repositoryName": repository,
            "imageTag": tag,
            "imageManifest": json.dumps(manifest),
            "imageManifestMediaType": _MANIFEST,
        }
    )


def _start_build(data: Fields) -> Answer:
    """Stores the build's variables, and pushes the image if the build makes one."""
    status, headers, body = _original_start_build(data)
    if status != 200:
        return status, headers, body
    variables = data.get("environmentVariablesOverride", [])
    answer = json.loads(body)
    build = codebuild._builds[answer["build"]["id"]]
    build["environment"] = {**build["environment"], "environmentVariables": variables}
    image = next((each["value"] for each in variables if each["name"] == "IMAGE"), None)
    if image is not None:
        _push(image)
    return json_response({"build": build})


def _download_url(data: Fields) -> Answer:
    """Returns a URL of the emulator's registry."""
    status, headers, body = _original_download_url(data)
    if status != 200:
        return status, headers, body
    endpoint = f"http://{environ['BIND_HOST']}:{environ['GATEWAY_PORT']}"
    path = json.loads(body)["downloadUrl"].split("/v2/", 1)[1]
    return json_response({"downloadUrl": f"{endpoint}/v2/{path}", "layerDigest": data["layerDigest"]})


def _scan_findings(data: Fields) -> Answer:
    """Reports no findings, because the image is a placeholder."""
    name, image = data.get("repositoryName", ""), data.get("imageId", {})
    if ecr._find_image(name, image) is None:
        return error_response_json("ImageNotFoundException", f"There is no image {image} in {name}", 400)
    status = {"status": "COMPLETE"}
    return json_response({"repositoryName": name, "imageId": image, "imageScanStatus": status})


def _describe_images(data: Fields) -> Answer:
    """Rejects a request for a missing image, as AWS does."""
    wanted = data.get("imageIds") or []
    name = data.get("repositoryName", "")
    missing = [image for image in wanted if ecr._find_image(name, image) is None]
    if name in ecr._repositories and missing:
        return error_response_json("ImageNotFoundException", f"There is no image {missing[0]} in {name}", 400)
    return _original_describe_images(data)


async def _handle(method: str, path: str, headers: dict[str, str], body: bytes, query: Fields) -> Answer:
    """Answers the operation that ministack does not support."""
    if headers.get("x-amz-target", "").endswith(".DescribeImageScanFindings"):
        return _scan_findings(json.loads(body))
    return await _original_handle(method, path, headers, body, query)


_original_start_build: Callable[[Fields], Answer] = codebuild._start_build
_original_download_url: Callable[[Fields], Answer] = ecr._get_download_url_for_layer
_original_describe_images: Callable[[Fields], Answer] = ecr._describe_images
_original_handle: Callable[..., Awaitable[Answer]] = ecr.handle_request


def install() -> None:
    """Replaces ministack's functions."""
    codebuild._start_build = _start_build
    ecr._get_download_url_for_layer = _download_url
    ecr._describe_images = _describe_images
    ecr.handle_request = _handle
