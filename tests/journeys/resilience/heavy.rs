//! One person's many documents and searches don't keep others waiting.

use axum::http::StatusCode;
use futures_util::FutureExt as _;
use kosmo::base::ids::LoginId;
use kosmo::base::realm::Subscribers;
use uuid::Uuid;

use crate::support::people::{GORO, TARO};
use crate::support::world::World;

const SEARCH: &str = "/expenses/search?person=&from=2025-01";
const PDF: &str = "/expenses/months/2025-03/pdf";
const CODES: &str = "/sign-in-methods/recovery-codes";

#[tokio::test]
async fn e6_four_of_a_persons_papers_and_searches_are_under_way_and_the_fifth_is_told_to_wait() {
    let world = World::new().await;
    let mut taro = world.sign_in(TARO).await;
    let mut goro = world.sign_in(GORO).await;
    let account = "select id from logins where user_id = $1
                   and tenant_id = (select id from tenants where slug = $2)";
    let account: Uuid = sqlx::query_scalar(account)
        .bind(TARO.user_id)
        .bind(TARO.union)
        .fetch_one(&mut world.database.admin().await)
        .await
        .unwrap();
    let (turns, union) = (&world.app.turns, world.tenant(TARO.union));
    let taro_id = LoginId::<Subscribers>::from_uuid(account);
    let turn = turns.of(union, taro_id).await;
    let in_line = || Box::pin(turns.of(union, taro_id));
    let mut waiting = [in_line(), in_line(), in_line()];
    for one in &mut waiting {
        assert!(one.now_or_never().is_none(), "it stands in line");
    }
    let refused = taro.get(SEARCH).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS, "{}", refused.text());
    assert_eq!(refused.heading(), "前の処理が終わっていません");
    assert!(refused.headers.contains_key("retry-after"));
    assert_eq!(taro.get(PDF).await.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(
        taro.get("/expenses/deduction/csv/2025").await.status,
        StatusCode::TOO_MANY_REQUESTS
    );
    assert_eq!(taro.get("/expenses").await.status, StatusCode::OK, "what is light goes on");
    assert_eq!(taro.get(CODES).await.status, StatusCode::OK);
    assert_eq!(goro.get(SEARCH).await.status, StatusCode::OK, "so do others");
    // When one in line has gone away, another may wait, and gets its turn.
    drop(waiting);
    let mut tab = taro.clone();
    let waits = tokio::spawn(async move { tab.get(PDF).await.status });
    drop(turn);
    assert_eq!(waits.await.unwrap(), StatusCode::OK);
    assert_eq!(taro.get(SEARCH).await.status, StatusCode::OK);
}
