//! Each coming year gets its own partition, and its rows move there from the default one.

use chrono::NaiveDate;
use kosmo::db::migrate;
use kosmo::records::partitions::{self, Missing};
use sqlx::Connection as _;

use crate::operator::said;
use crate::support::people::{EXPENSE_HEADINGS, TARO, file};
use crate::support::world::World;

fn june(year: i32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, 6, 1).unwrap()
}

#[tokio::test]
async fn o5_migrate_gives_the_years_to_come_their_tables_and_their_rows() {
    let world = World::new().await;
    let rows = [
        "N1,K1,2033-03,2033-01,みなと病院,通院,1,1000,700,0,310,",
        "N2,K1,2034-03,2034-01,みなと病院,通院,1,1000,700,0,320,",
        "N3,K1,2035-03,2035-01,みなと病院,通院,1,1000,700,0,330,",
    ];
    world.import_expenses("klinekenpo", &file(EXPENSE_HEADINGS, &rows)).await.unwrap();
    world
        .import_expenses(
            "jomkenpo",
            &file(EXPENSE_HEADINGS, &["N1,J1,2034-03,2034-01,,通院,1,1000,700,0,340,"]),
        )
        .await
        .unwrap();
    let missing = async |year| {
        let mut tx = world.operator.platform().await.unwrap();
        partitions::missing(&mut tx, june(year)).await.unwrap()
    };
    assert_eq!(missing(2031).await, []);
    assert_eq!(missing(2032).await, [Missing { table: "expenses", year: 2033 }], "a year ahead");

    let mut owner = migrate::owner(&world.database.options).await.unwrap();
    assert_eq!(partitions::extend(&mut owner, june(2031)).await.unwrap(), 2);
    assert_eq!(partitions::extend(&mut owner, june(2031)).await.unwrap(), 0);
    owner.close().await.unwrap();
    assert_eq!(missing(2033).await, []);
    for (table, rows) in [("expenses_2033", 1), ("expenses_2034", 2), ("expenses_later", 1)] {
        assert_eq!(world.count(&format!("select count(*) from {table}")).await, rows, "{table}");
        let guarded = format!(
            "select count(*) from pg_class c join pg_policies p on p.tablename = c.relname
             where c.relname = '{table}' and relrowsecurity and relforcerowsecurity
               and p.policyname = 'own_tenant'"
        );
        assert_eq!(world.count(&guarded).await, 1, "{table}");
    }
    let mut taro = world.sign_in(TARO).await;
    for (month, own) in [("2033-03", "310円"), ("2034-03", "320円"), ("2035-03", "330円")] {
        let page = taro.get(&format!("/expenses/months/{month}")).await;
        assert!(page.shows(own), "{month}: {}", page.text());
    }
}

#[tokio::test]
async fn o5_migrate_and_doctor_find_the_years_in_order() {
    let world = World::new().await;
    let migrated = world.kosmo(&["migrate"]);
    assert!(migrated.status.success(), "{}", said(&migrated));
    let told = said(&world.kosmo(&["doctor"]));
    assert!(told.contains("○ 年ごとの表: 来年の分まであります"), "{told}");
}
