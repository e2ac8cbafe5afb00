"""Holds what `kinesim export` wrote against the tools that read such files.

check.py FOLDER TOOLS: FOLDER holds NAME.cloudformation.yaml, NAME.terraform.tf, NAME.cdk.ts, NAME.cdk-python.py and
NAME.cli.sh; TOOLS is where `tests/export/install` put the tools. Prints what is wrong; exit 1 if anything is.
"""

import json
import os
import pathlib
import re
import subprocess
import sys

folder, tools = (pathlib.Path(p).resolve() for p in sys.argv[1:])
python = tools / "python/bin/python"
wrong = []


def run(command, **more):
    return subprocess.run([str(c) for c in command], capture_output=True, text=True, **more)


def cloudformation():
    done = run([python, "-c", "from cfnlint.runner import main; main()", *sorted(folder.glob("*.cloudformation.yaml"))])
    if done.returncode:
        wrong.append("cfn-lint: " + done.stdout + done.stderr)


def terraform():
    import hcl2

    for path in sorted(folder.glob("*.terraform.tf")):
        with open(path) as text:
            kinds = [kind for one in hcl2.load(text)["resource"] for kind in one]
        if not any("aws_kinesis_stream" in kind for kind in kinds):
            wrong.append(f"{path.name}: no stream")


def template_of(path):
    """Resources of a CloudFormation template, references in one form."""
    from cfnlint.decode import decode

    return json.loads(json.dumps(decode(str(path))[0]["Resources"]))


def plain(resources):
    """Types and properties; what stands for a secret is not compared."""
    text = json.dumps({name: [r["Type"], r["Properties"]] for name, r in resources.items()}, sort_keys=True)
    text = text.replace('"s3BackupMode"', '"S3BackupMode"')
    text = re.sub(r'\{"Fn::Sub": "\{\{resolve:secretsmanager:\$\{(\w+)\}\}\}"\}', r'{"Ref": "\1"}', text)
    text = re.sub(r'\{"Fn::GetAtt": "(\w+)\.(\w+)"\}', r'{"Fn::GetAtt": ["\1", "\2"]}', text)
    return json.loads(text)


def cdk():
    modules = folder / "node_modules"
    if not modules.exists():
        modules.symlink_to(tools / "node_modules")
    apps = sorted(folder.glob("*.cdk.ts"))
    flags = ["--strict", "--skipLibCheck", "--module", "commonjs", "--target", "es2022", "--types", ""]
    done = run([modules / ".bin/tsc", *flags, *apps], cwd=folder)
    if done.returncode:
        return wrong.append("tsc: " + done.stdout)
    for app in apps:
        name = app.name.removesuffix(".cdk.ts")
        wanted = plain(template_of(folder / f"{name}.cloudformation.yaml"))
        for command in (["node", app.with_suffix(".js")], [python, folder / f"{name}.cdk-python.py"]):
            out = folder / f"{name}.{pathlib.Path(command[0]).name}.out"
            done = run(command, env=dict(os.environ, CDK_OUTDIR=str(out)), cwd=folder)
            if done.returncode:
                wrong.append(f"{command[1].name}: {done.stderr[-2000:]}")
                continue
            made = plain(json.loads(next(out.glob("*.template.json")).read_text())["Resources"])
            if made != wanted:
                odd = [n for n in wanted if made.get(n) != wanted[n]]
                wrong.append(f"{command[1].name}: differs from the template in {odd or made.keys() - wanted.keys()}")


# Fits every length and pattern that the service models ask of a parameter of that ending.
SAMPLES = [("TOPIC_ARN", "arn:aws:sns:us-east-1:123456789012:topic"), ("ARN", "arn:aws:iam::123456789012:role/name"),
           ("ACCOUNT_URL", "https://account.snowflakecomputing.com"), ("JDBC_URL", "jdbc:redshift://host:5439/db"),
           ("URL", "https://example.com/x"), ("ENDPOINT", "https://example.com/x"), ("PRIVATE_KEY", "k" * 300), ("", "value-1")]

# Stands in for `aws`: hands every line to the real one, which checks all parameters and then finds nobody listening.
STAND_IN = """#!/bin/sh
case "$2" in wait) exit 0;; describe-stream-summary) echo arn:aws:kinesis:us-east-1:123456789012:stream/s; exit 0;; esac
said=$("$PYTHON" -m awscli "$@" --endpoint-url http://127.0.0.1:9 --cli-connect-timeout 1 2>&1)
case "$said" in *"Could not connect to the endpoint"*) echo "fine $1 $2" >> "$LOG";; *) echo "$1 $2: $said" >> "$LOG";; esac
[ "$2" = register-stream-consumer ] && echo arn:aws:kinesis:us-east-1:123456789012:stream/s/consumer/c:1
exit 0
"""


def cli():
    stand_in = folder / "bin/aws"
    stand_in.parent.mkdir(exist_ok=True)
    stand_in.write_text(STAND_IN)
    stand_in.chmod(0o755)
    for script in sorted(folder.glob("*.cli.sh")):
        log = script.with_suffix(".log")
        log.write_text("")
        env = dict(os.environ, PATH=f"{stand_in.parent}:{os.environ['PATH']}", LOG=str(log), PYTHON=str(python),
                   AWS_MAX_ATTEMPTS="1", AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="x")
        for name in re.findall(r'^: "\$\{(\w+):', script.read_text(), re.M):
            env[name] = next(sample for end, sample in SAMPLES if name.endswith(end))
        done = run(["sh", script], env=env)
        lines = log.read_text().splitlines()
        refused = [line for line in lines if not line.startswith("fine ")]
        if done.returncode or refused or not lines:
            wrong.append(f"{script.name}: {done.stderr}{refused}")


sys.path.insert(0, str(next((tools / "python/lib").glob("python3*")) / "site-packages"))
for check in (cloudformation, terraform, cdk, cli):
    check()
print("\n".join(wrong))
sys.exit(bool(wrong))
