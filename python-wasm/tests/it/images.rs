//! Images that are lost and made again.

use python_wasm::{ImageRule, ImageSpec, PageStore, Quiet, Session, SessionOptions};

use crate::harness::{policy, run, runtime, text};

/// A recipe whose set-up asks for all that differs from one run to the next.
fn recipe(name: &str) -> ImageSpec {
    let setup = "import os, random, tempfile, time, uuid\n\
        time.sleep(3600)\n\
        seen = [random.random(), uuid.uuid4(), os.urandom(8), time.time(), time.monotonic(), object()]\n\
        seen += [os.listdir('/usr/local/lib'), os.stat('/usr/local/lib'), os.stat('/usr/local/lib/kernel/cellblock_kernel/turn.py')]\n\
        seen += [tempfile.mkdtemp(), {name: hash(name) for name in dir(os)}, set(dir(time))]";
    ImageSpec {
        name: name.into(),
        extends: Some("base".into()),
        setup: setup.into(),
        ..ImageSpec::builtin("base").unwrap()
    }
}

/// Loses what the cache has of an image.
fn lose(name: &str) {
    let mut lost = 0;
    for entry in std::fs::read_dir(python_wasm::default_cache()).unwrap() {
        let entry = entry.unwrap();
        let file = entry.file_name().to_string_lossy().into_owned();
        if file.starts_with(&format!("image-{name}-")) && !file.ends_with(".lock") {
            std::fs::remove_file(entry.path()).unwrap();
            lost += 1;
        }
    }
    assert!(lost >= 2, "the image and its seal");
}

#[tokio::test]
async fn an_image_that_is_lost_comes_back_the_same_and_sleeping_sessions_wake_on_it() {
    const NAME: &str = "made-again";
    let (runtime, spec) = (runtime().await, recipe(NAME));
    let folder = tempfile::tempdir().unwrap();
    let options = || {
        let mut policy = policy(|_| {});
        policy.images = ImageRule::Any;
        SessionOptions {
            store: PageStore::open(folder.path()).unwrap(),
            ..SessionOptions::new(policy)
        }
    };
    let image = runtime.image(&spec, Quiet::shared()).await.unwrap();
    let digest = image.digest().to_owned();
    let mut session = Session::spawn(&image, options()).await.unwrap();
    run(&mut session, "x = 41").await;
    let id = session.checkpoint().await.unwrap().id().clone();
    drop((session, image));
    lose(NAME);
    let again = runtime.image(&spec, Quiet::shared()).await.unwrap();
    assert_eq!(again.digest(), digest);
    let options = options();
    let checkpoint = options.store.load(&id).unwrap();
    let mut woken = Session::wake(&again, options, &checkpoint).await.unwrap();
    assert_eq!(text(&mut woken, "print(x, len(seen))").await, "41 12\n");
    lose(NAME);
}
