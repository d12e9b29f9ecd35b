"""Names the most frequent words of a text: the place of your model."""

import os
import re
from collections import Counter
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from fastapi.responses import JSONResponse
from pydantic import BaseModel

SHARED = Path(os.environ["SHARED_AUDIO"])
app = FastAPI()


class Run(BaseModel):
    """A job: `path` is relative to the shared folder; Spotscribe has checked the options."""

    path: str
    options: dict[str, Any]


@app.get("/health")
def health() -> dict[str, str]:
    """Answer 200 once the model is loaded."""
    return {"status": "ok"}


@app.post("/run")
def run(job: Run) -> JSONResponse:
    """Do the task. The answer is one line: the result, and its measure in the unit of the task."""
    try:
        text = (SHARED / job.path).read_text("utf-8")
    except UnicodeDecodeError:
        return JSONResponse({"error": {"code": "invalid_request", "message": "The file is not UTF-8"}}, 400)
    words = Counter(re.findall(r"\w{4,}", text.lower())).most_common(job.options.get("words", 5))
    return JSONResponse({"type": "result", "result": {"keywords": dict(words)}, "measure": len(text)})


uvicorn.run(app, host=os.environ.get("HOST", "0.0.0.0"), port=int(os.environ["PORT"]), log_level="warning")  # noqa: S104
