//! Writers that meet, fail and go away.

use futures_util::future::join_all;
use sqlx::Row as _;

use super::*;

async fn writer(folder: &std::path::Path) -> Writer {
    let file = folder.join("test.db");
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true);
    let opened = SqliteConnection::connect_with(&options).await;
    let mut connection = opened.expect("it opens");
    let table = "create table numbers (number integer primary key) strict";
    let made = sqlx::query(table).execute(&mut connection).await;
    made.expect("a table");
    Writer::new(connection, options)
}

async fn add(writer: &Writer, number: i64) -> Result<(), Fault> {
    let mut turn = writer.statement().await?;
    let done = insert(&mut turn, number).await;
    turn.end(done).await
}

async fn insert(turn: &mut Turn, number: i64) -> Result<(), sqlx::Error> {
    let insert = sqlx::query("insert into numbers values ($1)").bind(number);
    insert.execute(turn.connection()).await.map(drop)
}

async fn numbers(writer: &Writer) -> Vec<i64> {
    let mut turn = writer.statement().await.expect("a turn");
    let rows = sqlx::query("select number from numbers order by number");
    let rows = rows.fetch_all(turn.connection()).await.expect("rows");
    turn.end(Ok(())).await.expect("it is over");
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn many_write_at_once_and_what_fails_fails_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let writer = writer(folder.path()).await;
    // Every number is wanted twice.
    let wanted = (0..200).map(|number| add(&writer, number / 2));
    let done = join_all(wanted).await;
    let refused = done.iter().filter(|done| done.is_err()).count();
    assert_eq!(refused, 100);
    assert_eq!(numbers(&writer).await, (0..100).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_is_not_ended_is_undone_and_takes_nobody_with_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let writer = writer(folder.path()).await;
    let given_up = |number: i64| {
        let writer = writer.clone();
        async move {
            let mut turn = writer.transaction().await.expect("a turn");
            insert(&mut turn, number).await.expect("written");
            insert(&mut turn, number + 1).await.expect("written");
        }
    };
    let whole = |number: i64| {
        let writer = writer.clone();
        async move {
            let mut turn = writer.transaction().await.expect("a turn");
            insert(&mut turn, number).await.expect("written");
            insert(&mut turn, number + 1).await.expect("written");
            turn.commit().await.expect("it is there");
        }
    };
    for round in 0..20 {
        let base = round * 100;
        tokio::join!(
            given_up(base),
            whole(base + 10),
            given_up(base + 20),
            whole(base + 30),
            async { add(&writer, base + 40).await.expect("it is there") },
            given_up(base + 50),
        );
    }
    let there: Vec<i64> = (0..20)
        .flat_map(|round| [10, 11, 30, 31, 40].map(|number| round * 100 + number))
        .collect();
    assert_eq!(numbers(&writer).await, there);
}

#[tokio::test]
async fn who_goes_away_while_waiting_leaves_nobody_waiting() {
    let folder = tempfile::tempdir().expect("a folder");
    let writer = writer(folder.path()).await;
    for round in 0..50 {
        let mut first = writer.transaction().await.expect("a turn");
        insert(&mut first, round).await.expect("written");
        let mut waiting = Box::pin(writer.statement());
        // It waits now, and the first leaves its transaction open for it.
        assert!(futures_util::poll!(&mut waiting).is_pending());
        let mut ending = Box::pin(first.commit());
        assert!(futures_util::poll!(&mut ending).is_pending());
        tokio::task::yield_now().await;
        drop(waiting);
        ending.await.expect("it is there");
    }
    assert_eq!(numbers(&writer).await.len(), 50);
}

#[tokio::test]
async fn a_connection_of_which_nobody_knows_what_is_open_is_not_written_to_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let writer = writer(folder.path()).await;
    {
        let mut turn = writer.statement().await.expect("a turn");
        let desk = turn.desk();
        desk.execute("begin immediate").await.expect("it begins");
        desk.spoilt = true;
        insert(&mut turn, 1).await.expect("written");
    }
    add(&writer, 2).await.expect("it is there");
    assert_eq!(numbers(&writer).await, [2]);
}
