"""Strict where it matters: which resource types and properties change nothing of who may call what.

A type that is in no table stops the deployment, and so does a property that its type neither reads nor ignores. What is
ignored is named once.
"""

from collections.abc import Mapping
from typing import Final

# Type -> why nothing is lost by leaving it out.
IGNORED_TYPES: Final[Mapping[str, str]] = {
    "AWS::ApiGateway::Account": "names a role for CloudWatch logs",
    "AWS::ApiGateway::DocumentationPart": "documentation",
    "AWS::ApiGateway::DocumentationVersion": "documentation",
    "AWS::ApplicationInsights::Application": "monitoring",
    "AWS::CloudFormation::WaitConditionHandle": "does nothing by itself",
    "AWS::CloudWatch::Alarm": "monitoring",
    "AWS::CloudWatch::AnomalyDetector": "monitoring",
    "AWS::CloudWatch::CompositeAlarm": "monitoring",
    "AWS::CloudWatch::Dashboard": "monitoring",
    "AWS::Logs::LogStream": "yett keeps logs itself: see `yett logs`",
    "AWS::Logs::MetricFilter": "monitoring",
    "AWS::Logs::QueryDefinition": "monitoring",
    "AWS::Logs::SubscriptionFilter": "monitoring",
    "AWS::ResourceGroups::Group": "a list of resources",
    "AWS::XRay::Group": "tracing",
    "AWS::XRay::SamplingRule": "tracing",
    "AWS::CDK::Metadata": "statistics of the CDK",
}
# Parts of a resource beside Type and Properties.
READ_PARTS: Final = frozenset({"Type", "Properties", "DependsOn", "Condition", "DeletionPolicy", "UpdateReplacePolicy"})
IGNORED_PARTS: Final = frozenset({"Metadata"})
# Top-level parts of a template.
READ_SECTIONS: Final = frozenset(
    {"Parameters", "Mappings", "Conditions", "Resources", "Outputs", "Transform", "Globals"}
)
IGNORED_SECTIONS: Final = frozenset({"AWSTemplateFormatVersion", "Description", "Metadata"})
TRANSFORMS: Final = frozenset({"AWS::Serverless-2016-10-31", "AWS::LanguageExtensions"})
