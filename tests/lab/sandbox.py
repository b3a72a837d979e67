"""A private corner of the kernel: fresh user, network, mount and process namespaces.

Nothing that happens in there is seen outside, and everything in there dies as a whole, however
this program ends: the kernel kills a process namespace together with its first process.
"""

import contextlib
import ctypes
import os
import pathlib
import signal
import subprocess
import sys

SKIPPED = 77  # what ctest takes for "skipped"
WORK = pathlib.Path("/run/lab")  # configurations, leases and logs: on a tmpfs of our own
_HOSTS = WORK / "hosts"
_RESOLVER = WORK / "resolv.conf"

_INSIDE = "NATCHECK_LAB_INSIDE"
_CLONE_NEWNET = 0x40000000
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)
_UNSHARE = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child"]
_AS_ROOT_OF_ITS_OWN = ["--user", "--map-root-user"]


def enter():
    """Returns inside the namespaces; the process outside only waits and hands on the result."""
    # Debian keeps ip, nft and miniupnpd where a normal user's PATH does not look.
    os.environ["PATH"] = os.environ.get("PATH", "/usr/bin:/bin") + ":/usr/sbin:/sbin"
    if os.environ.pop(_INSIDE, None):
        _prepare()
        return
    sys.exit(_run_inside(_usable_unshare()))


def name_hosts(names, name_server):
    """What the hosts file says from now on, and who is asked for all other names."""
    lines = ["127.0.0.1 localhost", "::1 localhost"]
    _HOSTS.write_text("\n".join(lines + [f"{address} {name}" for name, address in names]) + "\n")
    _RESOLVER.write_text(f"nameserver {name_server}\n")


@contextlib.contextmanager
def in_network(namespace):
    """The calling thread works in another network meanwhile; sockets opened there stay there."""
    with open("/proc/self/ns/net", "rb") as here, open(f"/run/netns/{namespace}", "rb") as there:
        _set_network(there)
        try:
            yield
        finally:
            _set_network(here)


def _set_network(file):
    if _libc.setns(file.fileno(), _CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def _usable_unshare():
    plain = _UNSHARE
    isolated = _UNSHARE + _AS_ROOT_OF_ITS_OWN
    # In a chroot even root may not create user namespaces, and does not need one.
    for command in [isolated, plain] if os.geteuid() == 0 else [isolated]:
        attempt = subprocess.run(command + ["mount", "-t", "tmpfs", "lab", "/run"],
                                 capture_output=True, text=True)
        if attempt.returncode == 0:
            return command
    print(_why_forbidden(attempt.stderr.strip()), file=sys.stderr)
    sys.exit(SKIPPED)


def _why_forbidden(error):
    def setting(name):
        path = pathlib.Path("/proc/sys", name.replace(".", "/"))
        return path.read_text().strip() if path.exists() else None

    advice = []
    if setting("kernel.unprivileged_userns_clone") == "0":
        advice.append("sudo sysctl -w kernel.unprivileged_userns_clone=1")
    if setting("user.max_user_namespaces") == "0":
        advice.append("sudo sysctl -w user.max_user_namespaces=15000")
    if setting("kernel.apparmor_restrict_unprivileged_userns") == "1":
        advice.append("sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0")
    if not advice:
        advice.append("in a container: run it with --privileged, or with a seccomp profile that "
                      "allows unshare and mount")
        advice.append("in a chroot: bind-mount its directory on itself first, and run this as root")
    return "\n".join(["SKIPPED: this system does not let us create namespaces, so there is no lab.",
                      f"  unshare says: {error or 'nothing'}",
                      "  What to do:"] + [f"    {line}" for line in advice])


def _run_inside(unshare):
    def die_with_parent():
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)

    child = subprocess.Popen(unshare + [sys.executable, "-B", *sys.argv],
                             env={**os.environ, _INSIDE: "1"}, preexec_fn=die_with_parent)

    def end(number, _frame):
        # unshare itself blocks the polite signals while it waits.
        # Popen's own wait() is interrupted by this handler, and holds its lock.
        os.kill(child.pid, signal.SIGKILL)
        os.waitpid(child.pid, 0)
        os._exit(128 + number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)
    return child.wait()


def _prepare():
    # The first process of a namespace ignores what it does not handle; what it starts does not.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    subprocess.run(["mount", "-t", "tmpfs", "lab", "/run"], check=True)
    # Masked in some containers; then only the measuring of memory goes without.
    subprocess.run(["mount", "-t", "proc", "proc", "/proc"], stderr=subprocess.DEVNULL)
    # Without a syslog socket, miniupnpd writes every line to the console, which is the machine's.
    subprocess.run(["mount", "--bind", "/dev/null", "/dev/console"], stderr=subprocess.DEVNULL)
    WORK.mkdir()
    name_hosts((), "127.0.0.1")
    _put_over(_HOSTS, pathlib.Path("/etc/hosts"))
    _put_over(_RESOLVER, pathlib.Path("/etc/resolv.conf"))
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


def _put_over(ours, systems):
    target = systems.resolve()
    # systemd-resolved's is a link into /run, which is ours, and empty.
    if target.is_relative_to("/run"):
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    if target.exists():
        subprocess.run(["mount", "--bind", ours, target], check=True)
