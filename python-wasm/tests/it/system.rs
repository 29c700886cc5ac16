//! What is not there: processes, threads, sockets, the host's memory, and a way to tell time
//! exactly (I1, I3, S1, T1, T2, T3).

use std::collections::HashSet;

use python_wasm::Outcome;

use crate::harness::{base, data, raised, run, survives, text};

#[tokio::test]
async fn ending_the_interpreter_ends_the_cell_alone() {
    let mut session = base().await;
    for (hostile, why) in [
        (
            "import os\nos._exit(7)",
            "it ended the interpreter with exit code 7",
        ),
        ("import os\nos.abort()", "the interpreter aborted"),
    ] {
        let outcome = survives(&mut session, &format!("lost = 1\n{hostile}"))
            .await
            .outcome;
        let Outcome::Killed {
            limit: None,
            message,
        } = outcome
        else {
            panic!("{hostile}: {outcome:?}")
        };
        assert!(message.contains(why), "{message}");
    }
    assert_eq!(
        text(&mut session, "print('lost' in globals())").await,
        "False\n"
    );
}

#[tokio::test]
async fn processes_threads_and_sockets_are_refused() {
    let mut session = base().await;
    for (hostile, names) in [
        ("import os\nos.fork()", &["AttributeError", "OSError"][..]),
        (
            "import os\nos.execv('/bin/sh', ['sh'])",
            &["AttributeError", "OSError"],
        ),
        (
            "import subprocess\nsubprocess.run(['ls'])",
            &["OSError", "PermissionError"],
        ),
        (
            "import threading\nthreading.Thread(target=print).start()",
            &["RuntimeError"],
        ),
        (
            "import multiprocessing\nmultiprocessing.Process(target=print).start()",
            &[
                "OSError",
                "ImportError",
                "RuntimeError",
                "ModuleNotFoundError",
            ],
        ),
        (
            "import socket\nsocket.create_connection(('127.0.0.1', 80))",
            &["OSError", "AttributeError", "gaierror", "ImportError"],
        ),
        (
            "import urllib.request\nurllib.request.urlopen('http://127.0.0.1/')",
            &["URLError", "OSError"],
        ),
        (
            "import ctypes\nctypes.CDLL(None)",
            &[
                "ModuleNotFoundError",
                "ImportError",
                "OSError",
                "AttributeError",
                "NotImplementedError",
                "TypeError",
            ],
        ),
    ] {
        let (ename, evalue) = raised(&mut session, hostile).await;
        assert!(
            names.contains(&ename.as_str()),
            "{hostile}: {ename}: {evalue}"
        );
        assert_eq!(text(&mut session, "1 + 1").await, "2");
    }
}

#[tokio::test]
async fn a_session_that_breaks_its_own_interpreter_breaks_nothing_else() {
    let mut session = base().await;
    for hostile in [
        "import builtins\nbuiltins.print = None\nbuiltins.open = None",
        "import sys\nsys.modules.clear()",
        "import gc\nfor o in gc.get_objects():\n    if isinstance(o, dict):\n        try: o.clear()\n        except BaseException: pass",
        "import builtins\ndel builtins.__cellblock_turn__",
        "import sys\nsys.settrace(lambda *a: 1/0)",
        "import ctypes\nctypes.memset(0, 0, 1 << 20)",
    ] {
        let mut victim = session.fork().await.unwrap();
        // Whatever becomes of it, it is an answer; and the sandbox goes on.
        let _ = victim.collect(hostile).await.unwrap();
        let _ = victim.collect("1 + 1").await.unwrap();
    }
    assert_eq!(text(&mut session, "print(1 + 1)").await, "2\n");
}

#[tokio::test]
async fn clocks_are_coarse_and_never_run_backwards() {
    let mut session = base().await;
    let code = "import time\nt = [time.perf_counter_ns() for _ in range(20000)]\nprint(all(a <= b for a, b in zip(t, t[1:])), all(x % 1_000_000 == 0 for x in t), time.get_clock_info('monotonic').resolution)";
    assert_eq!(text(&mut session, code).await, "True True 0.001\n");
    let before = session.checkpoint().await.unwrap();
    let first: f64 = text(&mut session, "import time\nprint(time.monotonic())")
        .await
        .trim()
        .parse()
        .unwrap();
    session.restore(&before).await.unwrap();
    let second: f64 = text(&mut session, "import time\nprint(time.monotonic())")
        .await
        .trim()
        .parse()
        .unwrap();
    assert!(second >= first, "{second} < {first}");
}

#[tokio::test]
async fn every_spawn_fork_and_restore_has_its_own_randomness() {
    const DRAW: &str = "import random, uuid, secrets, tempfile\nimport numpy as np\nprint(random.random(), np.random.rand(), uuid.uuid4(), secrets.token_hex(8), next(tempfile._get_candidate_names()))";
    let mut parent = data().await;
    run(&mut parent, "import random\nrandom.seed(1)").await;
    let kept = parent.checkpoint().await.unwrap();
    let mut seen: Vec<String> = Vec::new();
    for _ in 0..20 {
        seen.push(text(&mut parent.fork().await.unwrap(), DRAW).await);
        parent.restore(&kept).await.unwrap();
        seen.push(text(&mut parent, DRAW).await);
        seen.push(text(&mut data().await, DRAW).await);
    }
    for column in 0..5 {
        let values: HashSet<&str> = seen
            .iter()
            .map(|line| line.split_whitespace().nth(column).unwrap())
            .collect();
        assert_eq!(values.len(), seen.len(), "column {column} repeats");
    }
}

#[tokio::test]
async fn nothing_of_the_host_is_in_the_environment() {
    let mut session = base().await;
    let names = text(&mut session, "import os\nprint(sorted(os.environ))").await;
    // The interpreter's own four, and what the guest's kernel sets for programs that look for it.
    let known = "['HOME', 'JOBLIB_MULTIPROCESSING', 'LANG', 'LOGNAME', 'MPLBACKEND', 'MPLCONFIGDIR', 'PATH', 'PYTHONTZPATH', 'TMPDIR', 'TQDM_MININTERVAL', 'TZ', 'USER']\n";
    assert_eq!(names, known);
    let path = text(
        &mut session,
        "print(os.environ['PATH'], os.environ['HOME'])",
    )
    .await;
    assert_eq!(path, "/usr/local/bin:/usr/bin:/bin /home/user\n");
}

#[tokio::test]
async fn the_processors_time_is_without_sleep() {
    let mut session = base().await;
    let code = "import time\n\
        def passed(work):\n    start = time.monotonic(), time.process_time()\n    work()\n    \
        return time.monotonic() - start[0], time.process_time() - start[1]\n\
        wall, processor = passed(lambda: time.sleep(0.3))\nprint(wall - processor > 0.28)\n\
        wall, processor = passed(lambda: sum(range(10**6)))\nprint(0 < processor <= wall + 0.002)";
    assert_eq!(text(&mut session, code).await, "True\nTrue\n");
}
