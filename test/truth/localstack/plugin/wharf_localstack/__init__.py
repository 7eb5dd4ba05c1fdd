"""What LocalStack lacks where there is no Docker: DynamoDB and a Lambda executor, both of Wharf's local cloud.

Node serves both on loopback (`test/truth/localstack/companion.ts`); here are LocalStack's ends of them.
"""
