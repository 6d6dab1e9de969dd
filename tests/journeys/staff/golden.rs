//! The golden table over HTTP: each route of the console is tried by each role, with and without each extra right. What
//! `rights.txt` forbids is refused, the page and the form alike, and nothing else is.

use axum::http::StatusCode;
use kosmo::auth::staff::right::{ExtraRight, Rights, StaffRole};
use kosmo::console;
use kosmo::web::routes::{Access, Declared};

use crate::support::browser::Browser;
use crate::support::world::World;

const UNION: &str = "klinekenpo";

/// Returns an address that a route serves. The person is one whom nobody of the staff is related to.
fn address(path: &str) -> String {
    path.replace("{code}", "K1")
        .replace("{kind}", "locked")
        .replace("{version}", "1")
        .replace("{id}", "01890a5d-ac96-774b-bcce-b302099a8057")
}

/// Tries the routes that need a right. Returns those that let in or refuse against the table.
async fn wrong(browser: &Browser, rights: &Rights, routes: &[Declared]) -> Vec<String> {
    let mut wrong = Vec::new();
    for route in routes {
        let address = address(route.path);
        for (method, access) in [("GET", route.access.get), ("POST", route.access.post)] {
            let Access::Staff(right) = access else { continue };
            let page = match method {
                "GET" => browser.clone().get(&address).await,
                _ => browser.clone().post(&address, &[]).await,
            };
            // A route without such a page or form, or one of nothing that exists, answers nobody.
            if page.status == StatusCode::NOT_FOUND {
                continue;
            }
            // The address of a form that leads back to its page; a form that lacks the fields that a browser sends.
            let leads_back = method == "GET" && page.status == StatusCode::SEE_OTHER;
            if leads_back || method == "POST" && page.status == StatusCode::BAD_REQUEST {
                continue;
            }
            let is_refused = page.status == StatusCode::FORBIDDEN;
            if is_refused == rights.allow(right) || page.status.is_server_error() {
                wrong.push(format!("{method} {address} ({right:?}): {}", page.status));
            }
        }
    }
    wrong
}

#[tokio::test]
async fn a1_every_role_gets_where_the_table_of_rights_lets_it_and_nowhere_else() {
    let world = World::new().await;
    let routes = console::routes();
    let declared = routes.declared();
    let tried = declared.iter().filter(|route| matches!(route.access.get, Access::Staff(_)));
    assert!(tried.count() > 25);
    for role in StaffRole::ALL {
        let extras: Vec<Vec<ExtraRight>> = match role {
            StaffRole::Auditor => vec![Vec::new()],
            _ => [Vec::new()]
                .into_iter()
                .chain(ExtraRight::ALL.into_iter().map(|extra| vec![extra]))
                .collect(),
        };
        for extra in extras {
            let names: Vec<&str> = extra.iter().map(|extra| extra.name()).collect();
            let actor = world.hire(UNION, &[role.name()], &names).await;
            let mut browser = world.desk_of(UNION, &actor).await;
            // The page's form token goes with what is sent.
            browser.get("/sign-out").await;
            let rights = Rights::new(vec![role], extra).unwrap();
            let wrong = wrong(&browser, &rights, declared).await;
            assert_eq!(wrong, Vec::<String>::new(), "{role:?} with {names:?}");
        }
    }
    let refused = "select count(*) from audit_events where action = 'authz.denied'";
    assert!(world.count(refused).await > 100, "each refusal is a line");
}
