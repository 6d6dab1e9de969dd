//! Nobody's many papers and searches keep the others waiting.

use std::time::Duration;

use axum::http::StatusCode;
use kosmo::base::ids::LoginId;
use kosmo::base::realm::Subscribers;
use tokio::time::timeout;
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
    let turn = world
        .app
        .turns
        .of(world.tenant(TARO.union), LoginId::<Subscribers>::from_uuid(account))
        .await;
    let waiting: Vec<_> = [SEARCH, PDF, SEARCH]
        .into_iter()
        .map(|path| {
            let mut tab = taro.clone();
            tokio::spawn(async move { tab.get(path).await.status })
        })
        .collect();
    let refused = async {
        loop {
            // Until all three stand in line, this one would, too.
            if let Ok(page) = timeout(Duration::from_millis(300), taro.get(SEARCH)).await {
                return page;
            }
        }
    };
    let refused = timeout(Duration::from_secs(20), refused).await.expect("the line is full");
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
    drop(turn);
    for waiting in waiting {
        assert_eq!(waiting.await.unwrap(), StatusCode::OK);
    }
    assert_eq!(taro.get(PDF).await.status, StatusCode::OK);
}
