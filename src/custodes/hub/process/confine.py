"""Shut a process in for good: no file, no network, no other program. Linux only; best effort, never fatal.

Called when everything that the process needs is loaded and open. Numbers and layouts are those of the kernel's headers
(landlock.h, seccomp.h, filter.h, audit.h). See docs/adr/0013. Imports nothing of the hub.
"""

import ctypes
import errno
import os
import platform
import resource
import struct
import sys
from dataclasses import dataclass

PR_SET_NO_NEW_PRIVS = 38
PR_SET_SECCOMP = 22
SECCOMP_MODE_FILTER = 2
LANDLOCK_CREATE_RULESET, LANDLOCK_RESTRICT_SELF = 444, 446  # alike on every architecture
LANDLOCK_CREATE_RULESET_VERSION = 1
FILE_RIGHTS_BY_ABI = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
"""All rights to files that each version of Landlock knows. What a rule set handles and no rule gives is denied."""
TCP_RIGHTS = 0b11  # bind and connect
TCP_FROM_ABI = 4
SCOPES = 0b11  # abstract sockets and signals beyond the process, from version 6 on
OPEN_FILES = 16

_LOAD, _EQUAL, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_NUMBER_AT, _ARCHITECTURE_AT = 0, 4
_X32_BIT = 0x40000000
_AT_LEAST = 0x35
_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_DENIED = {
    "x86_64": """
        open 2 openat 257 openat2 437 creat 85 open_by_handle_at 304
        truncate 76 rename 82 renameat 264 renameat2 316 mkdir 83 mkdirat 258 rmdir 84 link 86 linkat 265
        unlink 87 unlinkat 263 symlink 88 symlinkat 266 mknod 133 mknodat 259
        chmod 90 fchmodat 268 fchmodat2 452 chown 92 lchown 94 fchownat 260
        socket 41 connect 42 accept 43 bind 49 listen 50 socketpair 53
        clone 56 fork 57 vfork 58 clone3 435 execve 59 execveat 322 unshare 272 setns 308
        kill 62 tkill 200 tgkill 234 rt_sigqueueinfo 129 rt_tgsigqueueinfo 297 pidfd_open 434 pidfd_send_signal 424
        ptrace 101 process_vm_readv 310 process_vm_writev 311 pidfd_getfd 438 bpf 321 io_uring_setup 425
        prlimit64 302 setrlimit 160 setpriority 141 ioprio_set 251
        sched_setparam 142 sched_setscheduler 144 sched_setaffinity 203 sched_setattr 314
        utime 132 utimes 235 futimesat 261 utimensat 280 chdir 80 chroot 161 name_to_handle_at 303
        setxattr 188 lsetxattr 189 fsetxattr 190 removexattr 197 lremovexattr 198 fremovexattr 199
        setxattrat 463 removexattrat 466 inotify_init 253 inotify_init1 294 inotify_add_watch 254
        shmget 29 shmat 30 shmctl 31 msgget 68 msgsnd 69 msgrcv 70 msgctl 71
        semget 64 semop 65 semctl 66 semtimedop 220 mq_open 240 mq_unlink 241
        mount 165 umount2 166 pivot_root 155 open_tree 428 move_mount 429 fsopen 430 fsmount 432 fspick 433
        mount_setattr 442 add_key 248 request_key 249 keyctl 250 userfaultfd 323 perf_event_open 298
        process_madvise 440 process_mrelease 448 kcmp 312 migrate_pages 256 move_pages 279
    """,
    "aarch64": """
        openat 56 openat2 437 open_by_handle_at 265
        truncate 45 renameat 38 renameat2 276 mkdirat 34 linkat 37 unlinkat 35 symlinkat 36 mknodat 33
        fchmodat 53 fchmodat2 452 fchownat 54
        socket 198 connect 203 accept 202 bind 200 listen 201 socketpair 199
        clone 220 clone3 435 execve 221 execveat 281 unshare 97 setns 268
        kill 129 tkill 130 tgkill 131 rt_sigqueueinfo 138 rt_tgsigqueueinfo 240 pidfd_open 434 pidfd_send_signal 424
        ptrace 117 process_vm_readv 270 process_vm_writev 271 pidfd_getfd 438 bpf 280 io_uring_setup 425
        prlimit64 261 setrlimit 164 setpriority 140 ioprio_set 30
        sched_setparam 118 sched_setscheduler 119 sched_setaffinity 122 sched_setattr 274
        utimensat 88 chdir 49 chroot 51 name_to_handle_at 264
        setxattr 5 lsetxattr 6 fsetxattr 7 removexattr 14 lremovexattr 15 fremovexattr 16
        setxattrat 463 removexattrat 466 inotify_init1 26 inotify_add_watch 27
        shmget 194 shmat 196 shmctl 195 msgget 186 msgsnd 189 msgrcv 188 msgctl 187
        semget 190 semop 193 semctl 191 semtimedop 192 mq_open 180 mq_unlink 181
        mount 40 umount2 39 pivot_root 41 open_tree 428 move_mount 429 fsopen 430 fsmount 432 fspick 433
        mount_setattr 442 add_key 217 request_key 218 keyctl 219 userfaultfd 282 perf_event_open 241
        process_madvise 440 process_mrelease 448 kcmp 272 migrate_pages 238 move_pages 239
    """,
}
"""System calls that get EPERM, by name and number."""


@dataclass(frozen=True, slots=True)
class Confinement:
    """What holds. `landlock_abi` 0: the kernel has no Landlock; below 4 it leaves TCP to the other two."""

    landlock_abi: int
    seccomp: bool


def confine_self() -> Confinement:
    """Give up files, network, other programs, other processes and new ones, for this thread and all that it starts.

    Call it from the only thread. What is open stays open. Returns what the kernel took.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))  # root is not counted: the filter below holds it too
    abi = _landlock(libc)
    return Confinement(landlock_abi=abi, seccomp=_seccomp(libc))


def available() -> Confinement:
    """Return what this kernel offers, without confining anybody."""
    libc = ctypes.CDLL(None, use_errno=True)
    mode = libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, None, 0, 0)
    # A kernel with seccomp looks at the missing program and finds it at a bad address.
    has_seccomp = mode == -1 and ctypes.get_errno() == errno.EFAULT and _machine() in _ARCHITECTURES
    return Confinement(landlock_abi=_landlock_abi(libc), seccomp=has_seccomp)


def _landlock_abi(libc: ctypes.CDLL) -> int:
    if sys.platform != "linux":
        return 0
    return max(0, int(libc.syscall(LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), LANDLOCK_CREATE_RULESET_VERSION)))


def _landlock(libc: ctypes.CDLL) -> int:
    """Deny all that this kernel's Landlock can deny; return its version, or 0 when nothing was denied."""
    abi = _landlock_abi(libc)
    if not abi:
        return 0
    files = FILE_RIGHTS_BY_ABI[max(known for known in FILE_RIGHTS_BY_ABI if known <= abi)]
    tcp = TCP_RIGHTS if abi >= TCP_FROM_ABI else 0
    scopes = SCOPES if abi >= 6 else 0
    rules = struct.pack("QQQ", files, tcp, scopes)[: 24 if abi >= 6 else 16 if abi >= TCP_FROM_ABI else 8]
    ruleset = libc.syscall(LANDLOCK_CREATE_RULESET, rules, ctypes.c_size_t(len(rules)), 0)
    if ruleset < 0:
        return 0
    try:
        return abi if libc.syscall(LANDLOCK_RESTRICT_SELF, ruleset, 0) == 0 else 0
    finally:
        os.close(ruleset)


def _seccomp(libc: ctypes.CDLL) -> bool:
    """Have the kernel answer EPERM to the calls above, and kill whoever makes calls of another architecture."""
    machine = _machine()
    if machine not in _ARCHITECTURES:
        return False
    program = [
        (_LOAD, 0, 0, _ARCHITECTURE_AT),
        (_EQUAL, 1, 0, _ARCHITECTURES[machine]),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER_AT),
        (_AT_LEAST, 0, 1, _X32_BIT),
        (_RETURN, 0, 0, _KILL),
    ]
    for number in map(int, _DENIED[machine].split()[1::2]):
        program += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ERRNO | errno.EPERM)]
    program.append((_RETURN, 0, 0, _ALLOW))
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in program))
    head = struct.pack("HP", len(program), ctypes.addressof(code))  # struct sock_fprog, padded as C pads it
    return bool(libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, head, 0, 0) == 0)


def _machine() -> str:
    # The name says what the kernel is; a 32-bit interpreter on it makes other calls.
    return platform.machine() if sys.maxsize > 2**32 else ""
