-- Closed months: what they had cost when they were closed, what they cost now, and by how much that restates them.
SELECT
    c.month_at AS month_at,
    c.closed_at AS closed_at,
    c.author AS author,
    c.closed_usd AS closed_usd,
    p.present_usd AS present_usd,
    coalesce(p.present_usd, usd(0)) - coalesce(c.closed_usd, usd(0)) AS restated_by_usd,
    c.calls AS closed_calls,
    coalesce(p.calls, 0) AS present_calls,
    c.unpriced_calls AS closed_unpriced_calls,
    coalesce(p.unpriced_calls, 0) AS present_unpriced_calls
FROM (
    SELECT
        m.month_at AS month_at,
        max(m.closed_at) AS closed_at,
        max(m.author) AS author,
        usd(sum(m.cost_usd)) AS closed_usd,
        sum(m.calls) AS calls,
        sum(m.unpriced_calls) AS unpriced_calls
    FROM ledger.closed_months AS m
    GROUP BY m.month_at
) AS c
LEFT JOIN (
    SELECT
        month_of(t.started_at) AS month_at,
        usd(sum(t.cost_usd)) AS present_usd,
        count(*) AS calls,
        sum(CASE WHEN t.cost_status IN ('priced', 'free') THEN 0 ELSE 1 END) AS unpriced_calls
    FROM ledger.llm_calls AS t
    WHERE t.started_at >= (SELECT min(f.month_at) FROM ledger.closed_months AS f)
    GROUP BY month_of(t.started_at)
) AS p ON p.month_at = c.month_at
ORDER BY c.month_at
