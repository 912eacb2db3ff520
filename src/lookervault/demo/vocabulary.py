"""The departments of a made-up company and the data they look at."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Explore:
    """An explore of a LookML model; dimensions and measures are full field names."""

    model: str
    name: str
    label: str
    dimensions: tuple[str, ...]
    dates: tuple[str, ...]
    measures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Department:
    name: str
    model: str
    project: str
    explores: tuple[Explore, ...]
    topics: tuple[str, ...]


def _explore(model: str, name: str, dimensions: str, dates: str, measures: str) -> Explore:
    label = name.replace("_", " ").title()
    return Explore(
        model,
        name,
        label,
        _qualified(name, dimensions),
        _dates(name, dates),
        _qualified(name, measures),
    )


def _qualified(view: str, names: str) -> tuple[str, ...]:
    return tuple(name if "." in name else f"{view}.{name}" for name in names.split())


def _dates(view: str, names: str) -> tuple[str, ...]:
    frames = ("date", "week", "month", "quarter", "year")
    return tuple(f"{name}_{frame}" for name in _qualified(view, names) for frame in frames)


def _department(
    name: str, model: str, explores: tuple[tuple[str, str, str, str], ...], topics: str
) -> Department:
    return Department(
        name,
        model,
        f"{model}_lookml",
        tuple(_explore(model, *words) for words in explores),
        tuple(topic.strip() for topic in topics.split(";")),
    )


DEPARTMENTS = (
    _department(
        "Sales",
        "sales_crm",
        (
            (
                "opportunities",
                (
                    "stage_name owner_name account.industry account.billing_country "
                    "account.segment "
                    "lead_source forecast_category type competitor.name account.tier "
                    "is_closed next_step"
                ),
                "created closed account.first_won",
                (
                    "total_amount average_deal_size win_rate open_pipeline count "
                    "days_to_close_median "
                    "weighted_forecast discount_percent new_arr expansion_arr"
                ),
            ),
            (
                "activities",
                (
                    "kind outcome rep.name rep.team rep.region contact.title "
                    "contact.seniority sequence_name"
                ),
                "logged follow_up_due",
                (
                    "calls_made emails_sent meetings_held reply_rate touches_per_lead count "
                    "talk_minutes"
                ),
            ),
        ),
        "Pipeline Coverage;Quarterly Forecast;Win/Loss Review;Rep Scorecard;Renewals at Risk;"
        "Territory Planning;Quota Attainment;Deal Desk Queue;Stage Conversion;Top Accounts",
    ),
    _department(
        "Marketing",
        "growth",
        (
            (
                "campaigns",
                (
                    "channel campaign_name ad_group keyword country device landing_page utm_source "
                    "utm_medium creative.format audience.name brand_or_generic"
                ),
                "spend_started first_touch",
                (
                    "spend impressions clicks ctr cost_per_click conversions "
                    "cost_per_acquisition roas "
                    "assisted_revenue reach frequency"
                ),
            ),
            (
                "web_sessions",
                (
                    "entry_page exit_page browser operating_system language experiment.variant "
                    "referrer.domain is_bounce user_type city"
                ),
                "session_started",
                (
                    "sessions visitors bounce_rate pages_per_session seconds_on_site sign_ups "
                    "sign_up_rate scroll_depth_p75"
                ),
            ),
        ),
        "Channel Mix;Paid Search Weekly;Attribution (last touch);Newsletter Health;SEO "
        "Landing Pages;"
        "Launch Tracker;Brand Lift;Experiment Readout;Budget vs. Actual Spend;Lead Quality",
    ),
    _department(
        "Finance",
        "finance",
        (
            (
                "general_ledger",
                (
                    "account_code account_name cost_center legal_entity currency journal.source "
                    "vendor.name is_intercompany approver.name fiscal_period"
                ),
                "posted invoice_due",
                (
                    "debit credit net_amount budget variance variance_percent accrued balance "
                    "amount_usd fx_effect"
                ),
            ),
            (
                "subscriptions",
                (
                    "plan billing_interval payment_method customer.country customer.size status "
                    "dunning_step coupon.code tax_region"
                ),
                "started renewed cancelled",
                (
                    "mrr arr churned_mrr net_revenue_retention gross_churn_rate "
                    "active_subscriptions "
                    "average_revenue_per_account ltv"
                ),
            ),
        ),
        "Month-End Close;Cash Position;P&L by Entity;Opex vs Budget;Revenue Recognition;AR Aging;"
        "Board Pack;Vendor Spend;Headcount Cost;MRR Bridge",
    ),
    _department(
        "Operations",
        "fulfilment",
        (
            (
                "shipments",
                (
                    "carrier warehouse.code warehouse.region service_level "
                    "destination_country lane "
                    "exception_code is_split packaging priority sku.category"
                ),
                "ordered shipped delivered",
                (
                    "shipments on_time_rate transit_days_p90 cost_per_parcel damaged lost "
                    "pick_to_ship_hours backlog co2_kg"
                ),
            ),
            (
                "inventory_items",
                (
                    "sku product.brand product.department bin_location supplier.name abc_class "
                    "is_perishable lifecycle_state"
                ),
                "received sold counted",
                (
                    "units_on_hand days_of_supply stockout_rate shrinkage inventory_value "
                    "turns dead_stock_value reorder_quantity"
                ),
            ),
        ),
        "Warehouse Throughput;Late Shipments;Carrier Scorecard;Stock-outs;Peak Readiness;"
        "Returns Reasons;Inventory Turns;Cost per Parcel;Picking Errors;Supplier On-Time",
    ),
    _department(
        "Customer Success",
        "support",
        (
            (
                "tickets",
                (
                    "status priority channel category product_area agent.name agent.team "
                    "customer.plan "
                    "customer.region language is_escalated root_cause"
                ),
                "opened first_reply solved",
                (
                    "count first_reply_minutes_median resolution_hours_p90 csat "
                    "reopened_rate backlog "
                    "one_touch_rate sla_breaches"
                ),
            ),
            (
                "account_health",
                (
                    "csm.name segment health_band renewal_quarter onboarding_stage "
                    "sponsor_engaged nps_group"
                ),
                "last_login qbr_held",
                (
                    "accounts health_score seats_used seat_utilization nps feature_adoption "
                    "at_risk_arr"
                ),
            ),
        ),
        "Support SLA;Escalations;CSAT by Team;Onboarding Funnel;Health Score;QBR Deck;"
        "Backlog Burn-down;Ticket Drivers;Seat Utilization;Voice of the Customer",
    ),
    _department(
        "Product",
        "product_events",
        (
            (
                "events",
                (
                    "event_name platform app_version country feature.name feature.squad plan "
                    "experiment.name experiment.variant is_power_user screen"
                ),
                "occurred first_seen",
                (
                    "events daily_active_users weekly_active_users stickiness "
                    "retention_d7 retention_d30 "
                    "time_to_value_minutes crash_free_rate"
                ),
            ),
            (
                "releases",
                "version component team severity rollout_stage is_hotfix owner.name",
                "released detected",
                (
                    "releases change_failure_rate lead_time_hours mean_time_to_restore "
                    "rollbacks bugs_open"
                ),
            ),
        ),
        "Feature Adoption;Retention Cohorts;Activation Funnel;Release Health;North Star;"
        "Experiment Dashboard;Power Users;Onboarding v2;Crash-Free Sessions;Search Quality",
    ),
    _department(
        "People",
        "hr",
        (
            (
                "employees",
                (
                    "department location job_family level manager.name employment_type gender_band "
                    "tenure_band cost_center is_remote"
                ),
                "hired terminated",
                (
                    "headcount attrition_rate average_tenure_months open_requisitions "
                    "span_of_control "
                    "internal_moves absence_days"
                ),
            ),
            (
                "applications",
                "requisition.title recruiter.name source stage rejection_reason office seniority",
                "applied offered",
                (
                    "applications offers offer_accept_rate days_to_hire interviews_per_hire "
                    "cost_per_hire"
                ),
            ),
        ),
        "Headcount;Hiring Funnel;Attrition;Engagement Survey;Diversity Snapshot;Time to Hire;"
        "Absence Calendar;Compensation Bands;Learning Hours;Span of Control",
    ),
    _department(
        "Data Platform",
        "warehouse_meta",
        (
            (
                "query_history",
                (
                    "warehouse_name role_name user_name statement_type database_name schema_name "
                    "error_code query_tag size is_cached"
                ),
                "start end",
                (
                    "queries credits_used bytes_scanned seconds_p95 queued_seconds "
                    "failures cost_usd "
                    "spill_to_disk_bytes"
                ),
            ),
            (
                "pipelines",
                "dag_id task_id owner tier source.system sla_class last_state environment",
                "scheduled finished",
                "runs success_rate late_runs duration_minutes rows_loaded freshness_hours retries",
            ),
        ),
        "Warehouse Cost;Slowest Queries;Pipeline Freshness;Data Quality Checks;PDT Builds;"
        "Looker Usage;Unused Content;Failed Schedules;Access Review;Cost per Team",
    ),
)
