"""A fine-tuning provider in the official client's own types: what it answers are their models, what it is asked is checked
against their parameters."""

import email
import json

import scripted_upstream
from openai.types import FileObject
from openai.types.fine_tuning import FineTuningJob, FineTuningJobEvent, job_create_params
from pydantic import TypeAdapter

STATES = ["validating_files", "queued", "running", "succeeded"]


class Provider:
    """Files and jobs in memory; a job moves on each time it is retrieved."""

    def __init__(self):
        self.files: dict[str, bytes] = {}
        self.jobs: list[dict] = []
        self.looks: dict[str, int] = {}

    def answer(self, request):
        parts = request.path.removeprefix("/v1/").split("/")
        match request.method, parts:
            case "POST", ["files"]:
                return self.body(self.upload(request))
            case "POST", ["fine_tuning", "jobs"]:
                return self.body(self.create(request.json))
            case "GET", ["fine_tuning", "jobs"]:
                return self.page([self.job(job) for job in reversed(self.jobs)])
            case "GET", ["fine_tuning", "jobs", name]:
                self.looks[name] += 1
                return self.body(self.job(self.find(name)))
            case "GET", ["fine_tuning", "jobs", name, "events"]:
                return self.page(self.events(self.find(name)))
        return scripted_upstream.whole(404, b'{"error":{"message":"no such route","code":"not_found"}}')

    def upload(self, request):
        message = email.message_from_bytes(
            b"Content-Type: " + request.value("content-type").encode() + b"\r\n\r\n" + request.body
        )
        fields = {part.get_param("name", header="content-disposition"): part for part in message.get_payload()}
        assert fields["purpose"].get_payload() == "fine-tune"
        content = fields["file"].get_payload(decode=True)
        name = f"file-{len(self.files)}"
        self.files[name] = content
        return FileObject(
            id=name, bytes=len(content), created_at=1, filename=fields["file"].get_filename(), object="file",
            purpose="fine-tune", status="processed",
        )  # fmt: skip

    def create(self, body):
        known = job_create_params.JobCreateParams.__annotations__
        assert set(body) <= set(known), set(body) - set(known)
        TypeAdapter(job_create_params.JobCreateParams).validate_python(body, strict=True)
        assert body["training_file"] in self.files and len(body["suffix"]) <= 64
        assert all(len(key) <= 64 and len(value) <= 512 for key, value in body.get("metadata", {}).items())
        job = body | {"id": f"ftjob-{len(self.jobs)}"}
        self.jobs.append(job)
        self.looks[job["id"]] = 0
        return self.job(job)

    def find(self, name):
        return next(job for job in self.jobs if job["id"] == name)

    def job(self, job):
        status = STATES[min(self.looks[job["id"]], 3)]
        done = status == "succeeded"
        return FineTuningJob(
            id=job["id"], created_at=1, error=None, fine_tuned_model=f"ft:{job['id']}" if done else None,
            finished_at=2 if done else None, hyperparameters={"n_epochs": 1}, model=job["model"],
            object="fine_tuning.job", organization_id="org-1", result_files=[], seed=job.get("seed", 0), status=status,
            trained_tokens=100 if done else None, training_file=job["training_file"], validation_file=None,
            metadata=job.get("metadata"),
        )  # fmt: skip

    def events(self, job):
        return [
            FineTuningJobEvent(
                id=f"ftevent-{job['id']}-{number}", created_at=number, level="info", message=f"Step {number}/3",
                object="fine_tuning.job.event", type="metrics",
                data={"step": number, "total_steps": 3, "train_loss": 1 / number},
            )
            for number in range(self.looks[job["id"]], 0, -1)
        ]  # fmt: skip

    @staticmethod
    def body(value):
        return scripted_upstream.whole(200, value.to_json(exclude_unset=False).encode())

    @staticmethod
    def page(values):
        data = [json.loads(value.to_json(exclude_unset=False)) for value in values]
        return scripted_upstream.whole(200, json.dumps({"object": "list", "data": data, "has_more": False}).encode())
