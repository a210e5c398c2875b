"""What webhooks are told, written in the statement of what it tells of: committed together or not
at all."""

from __future__ import annotations

ANNOUNCED_MEMORY_EVENTS = """
    announced AS (
        INSERT INTO webhook_deliveries (
            tenant_id, endpoint_id, event, happened_at, user_id, memory_id, replaced_id,
            conversation_id, reason)
        SELECT h.tenant_id, e.endpoint_id, 'memory.' || h.action, h.at, m.user_id, h.memory_id,
               h.other_memory_id, h.conversation_id, h.reason
        FROM happened h
        JOIN webhook_endpoints e ON e.tenant_id = h.tenant_id AND e.disabled_at IS NULL
            AND (e.events = '{}' OR 'memory.' || h.action = ANY(e.events))
        LEFT JOIN memories m ON m.tenant_id = h.tenant_id AND m.memory_id = h.memory_id
        WHERE h.action <> 'duplicate'
        ORDER BY h.event_id)
"""
"""A member of a WITH: tells of the rows of memory_events that its member ``happened`` returns. A
duplicate changes nothing, so nobody is told."""

ANNOUNCED_CONVERSATIONS = """
    announced AS (
        INSERT INTO webhook_deliveries (
            tenant_id, endpoint_id, event, happened_at, user_id, conversation_id, reason)
        SELECT f.tenant_id, e.endpoint_id, 'conversation.' || f.state, clock_timestamp(), f.user_id,
               f.conversation_id, f.error_code
        FROM finished f
        JOIN webhook_endpoints e ON e.tenant_id = f.tenant_id AND e.disabled_at IS NULL
            AND (e.events = '{}' OR 'conversation.' || f.state = ANY(e.events))
        WHERE f.state IN ('done', 'dead', 'cancelled'))
"""
"""The same for conversations whose state the member ``finished`` has changed."""

OF_A_CONVERSATION = "tenant_id, conversation_id, user_id, state, error_code"
"""What ``finished`` has to return."""
