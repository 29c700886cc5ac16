//! Going back, forking, sleeping, and moving to another process.

use python_wasm::{CheckpointId, Outcome, PageStore, Session, SessionError, SessionOptions};

use crate::harness::{base, data, image, policy, run, text};

#[tokio::test]
async fn any_checkpoint_can_be_gone_back_and_forth_to() {
    let mut session = data().await;
    let mut kept = Vec::new();
    for step in 0..5 {
        run(
            &mut session,
            &format!("import numpy as np\nstep = {step}\na = np.full(100_000, {step})"),
        )
        .await;
        kept.push(session.checkpoint().await.unwrap());
    }
    for step in [3, 0, 4, 2, 2, 1] {
        session.restore(&kept[step]).await.unwrap();
        assert_eq!(
            text(&mut session, "print(step, a.sum())").await,
            format!("{step} {}\n", step * 100_000)
        );
    }
}

#[tokio::test]
async fn a_fork_goes_its_own_way() {
    let mut session = data().await;
    run(
        &mut session,
        "x = [1]\nopen('file.txt', 'w').write('parent')",
    )
    .await;
    let mut fork = session.fork().await.unwrap();
    run(
        &mut fork,
        "x.append(2)\nopen('file.txt', 'w').write('fork')",
    )
    .await;
    assert_eq!(
        text(&mut fork, "print(x, open('file.txt').read())").await,
        "[1, 2] fork\n"
    );
    assert_eq!(
        text(&mut session, "print(x, open('file.txt').read())").await,
        "[1] parent\n"
    );
    let mut second = fork.fork().await.unwrap();
    drop(fork);
    assert_eq!(text(&mut second, "print(x)").await, "[1, 2]\n");
}

#[tokio::test]
async fn a_sleeping_session_wakes_with_everything() {
    let mut session = data().await;
    run(&mut session, "import pandas as pd\ndf = pd.DataFrame({'a': range(1000)})\nopen('f.txt', 'w').write('kept')").await;
    let asleep = session.hibernate().await.unwrap();
    let mut awake = asleep.wake().await.unwrap();
    assert_eq!(
        text(&mut awake, "print(df.a.sum(), open('f.txt').read())").await,
        "499500 kept\n"
    );
}

#[tokio::test]
async fn another_store_on_the_same_folder_finds_the_session_again() {
    let folder = tempfile::tempdir().unwrap();
    let image = image("base").await;
    let options = || SessionOptions {
        store: PageStore::open(folder.path()).unwrap(),
        ..SessionOptions::new(policy(|_| {}))
    };
    let mut session = Session::spawn(&image, options()).await.unwrap();
    run(&mut session, "x = list(range(100_000))").await;
    let id = session.checkpoint().await.unwrap().id().clone();
    drop(session);
    let options = options();
    let checkpoint = options.store.load(&id).unwrap();
    let mut session = Session::wake(&image, options, &checkpoint).await.unwrap();
    assert_eq!(text(&mut session, "print(sum(x))").await, "4999950000\n");
    // And goes on to be stored from there.
    run(&mut session, "y = 5").await;
    let later = session.checkpoint().await.unwrap();
    let store = PageStore::open(folder.path()).unwrap();
    let mut again = Session::wake(
        &image,
        SessionOptions {
            store: store.clone(),
            ..SessionOptions::new(policy(|_| {}))
        },
        &store.load(later.id()).unwrap(),
    )
    .await
    .unwrap();
    assert_eq!(text(&mut again, "print(sum(x), y)").await, "4999950000 5\n");
}

#[tokio::test]
async fn a_long_session_needs_few_files_and_wakes_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let image = image("data").await;
    let options = || SessionOptions {
        store: PageStore::open(folder.path()).unwrap(),
        ..SessionOptions::new(policy(|_| {}))
    };
    let open_files = || {
        let open = std::fs::read_dir("/proc/self/fd").unwrap();
        let open = open.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok());
        open.filter(|file| file.starts_with(folder.path())).count()
    };
    let mut session = Session::spawn(&image, options()).await.unwrap();
    run(
        &mut session,
        "import numpy as np, hashlib\nrandom = np.random.default_rng(1)\na = random.random(500_000)",
    )
    .await;
    let digest = "print(cell, hashlib.sha256(a).hexdigest())";
    let mut old = None;
    for cell in 0..120 {
        let code = format!(
            "cell = {cell}\na[random.integers(0, len(a), 60)] = random.random(60)\n{digest}"
        );
        let printed = text(&mut session, &code).await;
        let checkpoint = session.checkpoint().await.unwrap();
        if cell == 30 {
            old = Some((checkpoint.id().clone(), printed));
        }
    }
    // Sixteen and its own, and one for each 4 MiB.
    assert!(open_files() <= 18, "{}", open_files());
    let printed = text(&mut session, digest).await;
    let last = session.checkpoint().await.unwrap().id().clone();
    drop(session);
    assert_eq!(open_files(), 0);
    for (id, printed) in [(last, printed), old.unwrap()] {
        let options = options();
        let checkpoint = options.store.load(&id).unwrap();
        let mut woken = Session::wake(&image, options, &checkpoint).await.unwrap();
        assert!(open_files() <= 18, "{}", open_files());
        assert_eq!(text(&mut woken, digest).await, printed);
        let mut fork = woken.fork().await.unwrap();
        run(&mut fork, "a[::500] = 0").await;
        fork.checkpoint().await.unwrap();
        assert_eq!(text(&mut woken, digest).await, printed);
    }
}

#[tokio::test]
async fn foreign_and_unknown_checkpoints_are_refused() {
    let mut other = base().await;
    let foreign = other.checkpoint().await.unwrap();
    let mut session = data().await;
    assert!(matches!(
        session.restore(&foreign).await,
        Err(SessionError::OtherImage { .. })
    ));
    assert_eq!(text(&mut session, "1 + 1").await, "2");

    let folder = tempfile::tempdir().unwrap();
    let store = PageStore::open(folder.path()).unwrap();
    let unknown: CheckpointId = "00000000000000000000000000000000".parse().unwrap();
    assert!(store.load(&unknown).is_err());
    assert!("../../etc/passwd".parse::<CheckpointId>().is_err());
}

#[tokio::test]
async fn a_store_that_fails_costs_the_checkpoint_and_not_the_variables() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let options = SessionOptions {
        store: PageStore::open(&path).unwrap(),
        ..SessionOptions::new(policy(|_| {}))
    };
    let mut session = Session::spawn(&image("base").await, options).await.unwrap();
    run(&mut session, "x = 1").await;
    session.checkpoint().await.unwrap();
    std::fs::rename(&path, folder.path().join("away")).unwrap();
    assert_eq!(run(&mut session, "y = 2").await, Outcome::Ok);
    assert!(session.checkpoint().await.is_err());
    std::fs::rename(folder.path().join("away"), &path).unwrap();
    assert_eq!(text(&mut session, "print(x, y)").await, "1 2\n");
    let kept = session.checkpoint().await.unwrap();
    run(&mut session, "x = y = 9").await;
    session.restore(&kept).await.unwrap();
    assert_eq!(text(&mut session, "print(x, y)").await, "1 2\n");
}

#[tokio::test]
async fn a_checkpoint_costs_what_changed() {
    let mut session = data().await;
    run(
        &mut session,
        "import numpy as np\na = np.random.rand(1_000_000)",
    )
    .await;
    let first = session.checkpoint().await.unwrap().pages();
    run(&mut session, "b = 1").await;
    let second = session.checkpoint().await.unwrap().pages();
    assert!(
        first > 8_000_000 / 4096 && second < first + 500,
        "{first} {second}"
    );
}
