//! Recursion in all its places (R1, R2, R3).

use python_wasm::Outcome;

use crate::harness::{base, policy, session_with, survives};

#[tokio::test]
async fn recursion_never_takes_the_session() {
    let mut session = base().await;
    for hostile in [
        "def f(): f()\nf()",
        "import sys\nsys.setrecursionlimit(2**31 - 1)\ndef f(): f()\nf()",
        "import sys\nsys.setrecursionlimit(2**31 - 1)\nclass A:\n    def __getattr__(self, n): return getattr(self, n + 'x')\nA().y",
        "a = []\nfor _ in range(10**6): a = [a]\nrepr(a)",
        "import json\na = []\nfor _ in range(10**5): a = [a]\njson.dumps(a)",
        "import json\njson.loads('[' * 10**6)",
        "import pickle\na = []\nfor _ in range(10**5): a = [a]\npickle.dumps(a)",
        "import copy\na = []\nfor _ in range(10**5): a = [a]\ncopy.deepcopy(a)",
        "import ast\nast.parse('(' * 10**5)",
        "import ast\nast.parse('-' * 10**6 + '1')",
        "eval('+'.join(['1'] * 10**5))",
        "m = iter([1])\nfor _ in range(10**6): m = map(int, m)\nnext(m)",
        "import re\nre.compile('(' * 10**5 + ')' * 10**5)",
        "import re\ndef g(m): return re.sub('a', g, 'a')\nre.sub('a', g, 'a')",
        "import functools\nf = int\nfor _ in range(10**6): f = functools.partial(f)\nf()",
        "class A: pass\na = A()\nfor _ in range(10**6):\n    b = A()\n    b.a = a\n    a = b\ndel a, b",
    ] {
        let execution = survives(&mut session, hostile).await;
        assert!(
            !matches!(execution.outcome, Outcome::Interrupted),
            "{hostile}: {execution:?}"
        );
    }
}

#[tokio::test]
async fn a_stack_overflow_is_told_as_one() {
    let mut session = base().await;
    // Deallocating a deep chain of closures has no recursion check of its own.
    let hostile = "import sys\nsys.setrecursionlimit(2**31 - 1)\ndef f(n): return f(n + 1) + sum(map(f, [n]))\nf(0)";
    let outcome = survives(&mut session, hostile).await.outcome;
    match outcome {
        Outcome::Killed {
            limit: None,
            message,
        } => {
            assert!(message.contains("stack overflowed"), "{message}");
        }
        Outcome::Error { ename, .. } => assert_eq!(ename, "RecursionError"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_policys_stack_is_the_sessions_own() {
    let chain = |depth: u32| {
        format!("m = iter([1])\nfor _ in range({depth}): m = map(int, m)\nprint(next(m))")
    };
    for (stack, depth, ends) in [
        (8 << 20, 20_000, false),
        (1 << 20, 20_000, true),
        (1 << 20, 1000, false),
    ] {
        let policy = policy(|limits| limits.stack = stack);
        let mut session = session_with("base", policy).await;
        match survives(&mut session, &chain(depth)).await.outcome {
            Outcome::Ok if !ends => {}
            Outcome::Killed { message, .. } if ends => {
                assert!(message.contains("stack overflowed"), "{message}");
            }
            other => panic!("{depth} levels in {stack} bytes: {other:?}"),
        }
    }
}
